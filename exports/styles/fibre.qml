<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.28" styleCategories="Symbology">
  <renderer-v2 type="categorizedSymbol" attr="connected" symbollevels="0" enableorderby="0" forceraster="0">
    <categories>
      <category value="true" label="connected to a PoP / có nối tới PoP" symbol="0" render="true" type="string"/>
      <category value="false" label="not connected / không nối tới PoP" symbol="1" render="true" type="string"/>
    </categories>
    <symbols>
      <symbol type="line" name="0" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
          <Option type="QString" name="line_color" value="0,114,178,255"/>
          <Option type="QString" name="line_width" value="0.6"/>
          <Option type="QString" name="line_style" value="solid"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="line" name="1" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleLine" enabled="1" locked="0" pass="0">
          <Option type="Map">
          <Option type="QString" name="line_color" value="150,150,150,255"/>
          <Option type="QString" name="line_width" value="0.6"/>
          <Option type="QString" name="line_style" value="dash"/>
          <Option type="QString" name="capstyle" value="round"/>
          <Option type="QString" name="joinstyle" value="round"/>
          </Option>
        </layer>
      </symbol>
    </symbols>
  </renderer-v2>
</qgis>
