<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.28" styleCategories="Symbology">
  <renderer-v2 type="categorizedSymbol" attr="reached" symbollevels="0" enableorderby="0" forceraster="0">
    <categories>
      <category value="true" label="fibre reaches the centre / có cáp quang" symbol="0" render="true" type="string"/>
      <category value="false" label="not reached / chưa có cáp quang" symbol="1" render="true" type="string"/>
    </categories>
    <symbols>
      <symbol type="marker" name="0" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleMarker" enabled="1" locked="0" pass="0">
          <Option type="Map">
          <Option type="QString" name="color" value="0,114,178,255"/>
          <Option type="QString" name="name" value="square"/>
          <Option type="QString" name="size" value="3"/>
          <Option type="QString" name="outline_color" value="255,255,255,255"/>
          <Option type="QString" name="outline_width" value="0.3"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="marker" name="1" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleMarker" enabled="1" locked="0" pass="0">
          <Option type="Map">
          <Option type="QString" name="color" value="213,94,0,255"/>
          <Option type="QString" name="name" value="square"/>
          <Option type="QString" name="size" value="3"/>
          <Option type="QString" name="outline_color" value="255,255,255,255"/>
          <Option type="QString" name="outline_width" value="0.3"/>
          </Option>
        </layer>
      </symbol>
    </symbols>
  </renderer-v2>
</qgis>
