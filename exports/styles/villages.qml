<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.28" styleCategories="Symbology">
  <renderer-v2 type="categorizedSymbol" attr="grade" symbollevels="0" enableorderby="0" forceraster="0">
    <categories>
      <category value="covered" label="covered / phủ sóng" symbol="0" render="true" type="string"/>
      <category value="hollow" label="hollow / lõm sóng" symbol="1" render="true" type="string"/>
      <category value="white" label="white / trắng sóng" symbol="2" render="true" type="string"/>
    </categories>
    <symbols>
      <symbol type="fill" name="0" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <Option type="Map">
          <Option type="QString" name="color" value="0,114,178,150"/>
          <Option type="QString" name="outline_color" value="90,90,90,255"/>
          <Option type="QString" name="outline_width" value="0.1"/>
          <Option type="QString" name="outline_style" value="solid"/>
          <Option type="QString" name="style" value="solid"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="fill" name="1" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <Option type="Map">
          <Option type="QString" name="color" value="230,159,0,150"/>
          <Option type="QString" name="outline_color" value="90,90,90,255"/>
          <Option type="QString" name="outline_width" value="0.1"/>
          <Option type="QString" name="outline_style" value="solid"/>
          <Option type="QString" name="style" value="solid"/>
          </Option>
        </layer>
      </symbol>
      <symbol type="fill" name="2" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <Option type="Map">
          <Option type="QString" name="color" value="213,94,0,190"/>
          <Option type="QString" name="outline_color" value="90,90,90,255"/>
          <Option type="QString" name="outline_width" value="0.1"/>
          <Option type="QString" name="outline_style" value="solid"/>
          <Option type="QString" name="style" value="solid"/>
          </Option>
        </layer>
      </symbol>
    </symbols>
  </renderer-v2>
</qgis>
